import{C as o}from"./index-D9IC-pgs.js";const r=o("category",null);export{r as p};
