import{x as o}from"./index-CxICfeJf.js";const r=o("category",null);export{r as p};
