import{z as o}from"./index-A41MjqAH.js";const r=o("category",null);export{r as p};
